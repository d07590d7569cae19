"""Modes inside of modes, some turned on for good, by experiment: each puts back its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

import wengert as wg
from parity.scenario import leaf, same_as_torch

pytestmark = pytest.mark.filterwarnings("ignore:Anomaly Detection")


def modes(m):
    anomaly = m.is_anomaly_enabled(), m.is_anomaly_check_nan_enabled()
    return m.is_grad_enabled(), m.is_inference_mode_enabled(), anomaly


@same_as_torch
def test_what_is_turned_on_for_good_inside_stays(m):
    seen = []
    with m.no_grad():
        m.autograd.set_detect_anomaly(True)
        seen.append(modes(m))
    seen.append(modes(m))
    with m.autograd.detect_anomaly(check_nan=False):
        m.set_grad_enabled(False)
        seen.append(modes(m))
    seen.append(modes(m))
    m.set_grad_enabled(True)
    m.autograd.set_detect_anomaly(False)
    return seen, modes(m)


@same_as_torch
def test_what_a_mode_changes_is_put_back_though_it_was_changed_again(m):
    seen = []
    with m.enable_grad():
        m.set_grad_enabled(False)
        seen.append(modes(m))
    seen.append(modes(m))
    with m.autograd.set_detect_anomaly(True):
        m.autograd.set_detect_anomaly(False)
    return seen, modes(m)


@same_as_torch
def test_a_switch_that_is_entered_later(m):
    switch = m.set_grad_enabled(False)
    m.autograd.set_detect_anomaly(True)
    seen = [modes(m)]
    with switch:
        seen.append(modes(m))
    seen.append(modes(m))
    m.set_grad_enabled(True)
    with switch:
        seen.append(modes(m))
    seen.append(modes(m))
    m.autograd.set_detect_anomaly(False)
    return seen


@same_as_torch
def test_a_switch_as_a_decorator_leaves_its_surroundings_alone(m):
    decorated = m.set_grad_enabled(False)(lambda: modes(m))
    return modes(m), decorated(), modes(m)


def is_noted():
    return (leaf(wg, 2.0) * 2).grad_fn.site is not None


def test_provenance_in_all_its_forms():
    with wg.provenance(False):
        assert not is_noted()
        with wg.provenance(True):
            assert is_noted()
        assert not is_noted()
    assert is_noted()

    wg.provenance(False)
    assert not is_noted()
    wg.provenance(True)
    assert is_noted()

    assert not wg.provenance(False)(is_noted)()
    assert is_noted()


def test_provenance_and_scopes_belong_to_a_thread():
    def scope():
        return (leaf(wg, 2.0) * 2).grad_fn.scope

    with wg.provenance(False), wg.scope("here"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(is_noted).result()
        assert pool.submit(scope).result() == ""
        assert not is_noted()
        assert scope() == "here"


def test_errors_without_provenance_name_the_operations():
    with wg.provenance(False):
        y = leaf(wg, 2.0) * 1
        z = y * y
        y.add_(1)
        with pytest.raises(RuntimeError, match="inplace operation: add_\n  saved by mul\n"):
            z.sum().backward()
