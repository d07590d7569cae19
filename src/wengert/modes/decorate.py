"""A context manager around a function: plain, asynchronous, or one that yields."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractContextManager
from typing import Any

Fresh = Callable[[], AbstractContextManager[Any]]
"""Makes the context manager, anew for each time that it is entered."""


def decorated(fresh: Fresh, function: Callable[..., Any]) -> Any:
    """The function, inside of fresh() whenever its code runs.

    What a generator's consumer does between two values runs outside. Warns of classes.
    """
    if inspect.isclass(function):
        warnings.warn(
            f"{function.__name__} is a class, and what decorating it makes is a function: decorate "
            "its methods",
            FutureWarning,
            stacklevel=3,
        )
    if inspect.iscoroutinefunction(function):
        return _coroutine(fresh, function)
    if inspect.isgeneratorfunction(function):
        return _generator(fresh, function)
    if inspect.isasyncgenfunction(function):
        return _async_generator(fresh, function)
    return _function(fresh, function)


def _function(fresh: Fresh, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with fresh():
            return function(*args, **kwargs)

    return wrapped


def _coroutine(fresh: Fresh, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        with fresh():
            return await function(*args, **kwargs)

    return wrapped


def _generator(fresh: Fresh, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        steps = function(*args, **kwargs)
        resume: Callable[[], Any] = functools.partial(next, steps)
        while True:
            try:
                with fresh():
                    value = resume()
            except StopIteration as stop:
                return stop.value
            try:
                resume = functools.partial(steps.send, (yield value))
            except GeneratorExit:
                with fresh():
                    steps.close()
                raise
            except BaseException as error:
                resume = functools.partial(steps.throw, error)

    return wrapped


def _async_generator(fresh: Fresh, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapped(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        steps = function(*args, **kwargs)
        resume: Callable[[], Any] = steps.__anext__
        while True:
            try:
                with fresh():
                    value = await resume()
            except StopAsyncIteration:
                return
            try:
                resume = functools.partial(steps.asend, (yield value))
            except GeneratorExit:
                with fresh():
                    await steps.aclose()
                raise
            except BaseException as error:
                resume = functools.partial(steps.athrow, error)

    return wrapped
