"""Statements put together once: for a small look-up that costs more than running it."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import ScalarResult, bindparam
from sqlmodel import Session
from sqlmodel.sql.expression import SelectOfScalar

Values = ParamSpec("Values")
Row = TypeVar("Row")


def prepared(build: Callable[Values, SelectOfScalar[Row]]) -> Callable[Concatenate[Session, Values], ScalarResult[Row]]:
    """From what builds a statement of values to what asks it of a session, with those values in their places.

    `build` is called once, with placeholders: it may compare the values with columns and do nothing else with them.
    """
    names = list(signature(build).parameters)
    make: Callable[..., SelectOfScalar[Row]] = build
    statement = make(*map(bindparam, names))

    def ask(session: Session, /, *args: Values.args, **kwargs: Values.kwargs) -> ScalarResult[Row]:
        return session.scalars(statement, dict(zip(names, args, strict=False)) | kwargs)

    return ask
