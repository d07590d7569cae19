"""Where and on what a report was measured."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

from benchmarks.harness import SUBJECT, Options
from benchmarks.isolate import ROOT, call
from benchmarks.peers import importable, versions


def describe(options: Options, command: str) -> list[str]:
    """Lines for the head of a report: command, commit, machine, versions."""
    found: dict[str, str] = call(inside, subject=options.subject)
    lines = [
        f"Command: `{command}`" + (f", at commit {commit()}" if commit() else ""),
        f"Machine: {processor()}, {os.cpu_count()} logical cores, {platform.system()} "
        f"{platform.machine()}; load average when started {os.getloadavg()[0]:.2f}",
        f"{platform.python_implementation()} {platform.python_version()}; " + found["versions"],
        found["threads"] + "; the cyclic collector on, nothing frozen",
        found["build"],
    ]
    if options.subject != SUBJECT:
        lines.append(f"**{options.subject} stood in for {SUBJECT}: this measures the harness.**")
    if options.quick:
        lines.append("**A quick run: every part worked, the figures are noise.**")
    return lines


def inside(subject: str) -> dict[str, str]:
    """What only a process that has the libraries loaded can tell."""
    import numpy as np

    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    peers = ", ".join(f"{name} {version}" for name, version in versions().items())
    threads = f"NumPy on {blas['name']} {blas['version']}"
    if importable(["torch"]):
        torch = importlib.import_module("torch")
        threads += f"; torch with {torch.get_num_threads()} threads"
        threads += " on MKL" if torch.backends.mkl.is_available() else " without MKL"
    return {"versions": peers, "threads": threads, "build": build_of(subject)}


def build_of(subject: str) -> str:
    """Whether the subject is the pure Python build."""
    if subject != SUBJECT:
        return f"{subject} {importlib.metadata.version(subject)}"
    tensor = importlib.import_module(f"{subject}.core.tensor")
    pure = str(tensor.__file__).endswith(".py")
    kind = "the pure Python build" if pure else "core compiled"
    return f"{SUBJECT} {importlib.import_module(subject).__version__}, {kind}, source sites on"


def processor() -> str:
    """The processor's name."""
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor() or platform.machine()
    lines = (line.partition(":") for line in info.read_text(encoding="utf-8").splitlines())
    facts = {key.strip(): value.strip() for key, _, value in lines}
    name = facts.get("model name", platform.machine())
    return f"{name} (family {facts['cpu family']})" if "cpu family" in facts else name


def commit() -> str:
    """The commit of this checkout, marked if it was changed since; nothing outside a repository."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
