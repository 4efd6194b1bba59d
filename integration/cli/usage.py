"""What click says by itself, in the terminal's language: help pages, and what is wrong with a command."""

from __future__ import annotations

import re
from collections.abc import Iterable

import click

from integration.cli.terminal import words

_HEADINGS = {"Options": "options", "Commands": "commands", "Positional arguments": "arguments"}
_SENTENCE = 200  # signs; longer ones would be cut
_EXTRAS = re.compile(r"\[(?:default: (?P<value>[^;\]]*))?(?:; )?(?P<required>required)?\]$")


class Page(click.HelpFormatter):
    """A help page whose headings and remarks are ours."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The first line."""
        super().write_usage(prog, args, prefix or words("cli.usage.usage") + " ")

    def write_heading(self, heading: str) -> None:
        """A section's name."""
        super().write_heading(words(f"cli.usage.{_HEADINGS[heading]}") if heading in _HEADINGS else heading)

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """A section's lines."""
        super().write_dl([(term, _EXTRAS.sub(_remark, text)) for term, text in rows], col_max, col_spacing)


def _remark(found: re.Match[str]) -> str:
    told = [words("cli.usage.default", value=found["value"])] if found["value"] else []
    return f"[{'; '.join([*told, words('cli.usage.required')] if found['required'] else told)}]"


class _Speaking(click.Context):
    formatter_class = Page


class Command(click.Command):
    """A command whose help page is in our words."""

    context_class = _Speaking

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """`--help` with its sentence."""
        return _in_our_words(super().get_help_option(ctx))


class Group(click.Group):
    """A group of such commands."""

    context_class = _Speaking
    command_class = Command
    group_class: type[click.Group] | type[type] | None = type

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """`--help` with its sentence."""
        return _in_our_words(super().get_help_option(ctx))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each command with its first sentence, whole, however long the longest name is."""
        with formatter.section("Commands"):
            found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
            formatter.write_dl([(name, one.get_short_help_str(_SENTENCE)) for name, one in found if one])


def _in_our_words(option: click.Option | None) -> click.Option | None:
    if option is not None:
        option.help = words("cli.usage.help")
    return option


def told(error: click.UsageError) -> str:
    """What is wrong with the command and where its help is; a group that was given nothing shows its help."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.message
    path = error.ctx.command_path if error.ctx else "postventa"
    return f"{_sentence(error)}\n{words('cli.usage.more', command=path)}"


def _sentence(error: click.UsageError) -> str:
    match error:
        case click.NoSuchOption():
            return words("cli.usage.no_option", name=error.option_name)
        case click.exceptions.NoSuchCommand():
            return words("cli.usage.no_command", name=error.command_name)
        case click.BadOptionUsage():
            return words("cli.usage.bad_option", name=error.option_name)
        case click.MissingParameter():
            return words("cli.usage.option_missing", name=_name(error))
        case click.BadParameter():
            return _bad_value(error)
        case _:
            return words("cli.usage.too_many")


def _bad_value(error: click.BadParameter) -> str:
    kind = error.param.type if error.param else None
    if isinstance(kind, click.Choice):
        return words("cli.usage.bad_choice", name=_name(error), choices=", ".join(map(str, kind.choices)))
    if isinstance(kind, click.Path):
        return words("cli.usage.bad_path", name=_name(error))
    return words("cli.usage.bad_option", name=_name(error))


def _name(error: click.BadParameter) -> str:
    """`--platform` or `NAME`."""
    if isinstance(error.param, click.Option):
        return max(error.param.opts, key=len)
    return error.param.make_metavar(error.ctx) if error.param and error.ctx else str(error.param_hint or "?")
