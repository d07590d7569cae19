#!/bin/sh
# Makes the virtual environment .venv, with wengert in it in editable mode and the extras that are
# named. Does nothing if they are there and newer than pyproject.toml.
#
#   tools/venv.sh [EXTRA ...]        e.g. tools/venv.sh test lint
#
# PYTHON=... chooses the interpreter; otherwise the first that is new enough is taken.
# Where that interpreter came without ensurepip (Debian and Ubuntu split it off), a pip or virtualenv
# that is installed helps out; where there is neither, the command that installs it is printed.
set -eu

oldest=3.11
root=$(cd "$(dirname "$0")/.." && pwd)
venv="$root/.venv"
inside="$venv/bin/python"

say() { printf '%s\n' "$*" >&2; }

# What tells one interpreter from another; fails unless it runs and is new enough.
identity() {
    "$1" -c 'import sys
if sys.version_info < tuple(map(int, sys.argv[1].split("."))): sys.exit(1)
print(sys.base_prefix, sys.version)' "$oldest" 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3 python3.14 python3.13 python3.12 python3.11 python
    fi
    for candidate; do
        if identity "$candidate" >/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    found=$("$1" --version 2>&1) || found="no $1 that runs"
    say "wengert needs Python $oldest or newer; found: $found"
    say "If another one is installed, name it:  make PYTHON=/path/to/python3 ..."
    return 1
}

# The .venv that is there serves, unless it was made in another folder (its scripts name that one)
# or PYTHON asks for another interpreter.
usable() {
    made_with=$(identity "$inside") || return 1
    [ ! -e "$venv/.wengert-base" ] || [ "$(cat "$venv/.wengert-base")" = "$root" ] || return 1
    [ -z "${PYTHON:-}" ] || [ "$made_with" = "$(identity "$PYTHON")" ]
}

has_pip() { "$@" -m pip --version >/dev/null 2>&1; }

make_venv() {
    python=$(find_python)
    say "Making .venv with $python ($("$python" --version 2>&1))"
    output=$("$python" -m venv --clear "$venv" 2>&1) && return
    if "$python" -c 'import ensurepip' 2>/dev/null; then
        say "$output"
        return 1
    elif has_pip "$python"; then
        "$python" -m venv --clear --without-pip "$venv"
        "$python" -m pip --python "$inside" install --quiet --disable-pip-version-check pip
    elif "$python" -m virtualenv --version >/dev/null 2>&1; then
        "$python" -m virtualenv --clear --quiet "$venv"
    elif command -v virtualenv >/dev/null; then
        virtualenv --clear --quiet --python "$python" "$venv"
    else
        rm -rf "$venv"
        say "This Python came without ensurepip, and there is no pip or virtualenv. Please install one:"
        if command -v apt-get >/dev/null; then
            version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
            say "    sudo apt-get install python$version-venv"
        else
            say "    the package of your system that holds pip for $python"
        fi
        return 1
    fi
}

install() {
    extras=$(echo "$*" | tr ' ' ',')
    package="wengert${extras:+[$extras]}"
    say "Installing $package into .venv (once; downloads what is missing)"
    "$inside" -m pip install --quiet --disable-pip-version-check --no-input \
        --editable "$root${extras:+[$extras]}" && return
    say "pip could not install $package; what it said is above."
    return 1
}

# One stamp per extra.
fresh() {
    for extra in base "$@"; do
        [ "$venv/.wengert-$extra" -nt "$root/pyproject.toml" ] || return 1
    done
}

if usable && fresh "$@"; then exit; fi
usable || make_venv
has_pip "$inside" || "$inside" -m ensurepip >/dev/null
install "$@"
for extra in base "$@"; do
    echo "$root" >"$venv/.wengert-$extra"
done
