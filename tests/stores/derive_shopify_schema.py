"""Cut Shopify's Admin schema down to what our documents use: SCHEMA.graphql[.gz] DOCUMENTS... > OUT."""

from __future__ import annotations

import gzip
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_ast_schema,
    get_named_type,
    is_input_object_type,
    is_leaf_type,
    is_required_argument,
    is_union_type,
    parse,
    print_ast,
    visit,
)

NOTICE = """\
# Shopify's Admin API schema, version 2026-10: the part that Postventa's documents use, without descriptions.
# Made by tests/stores/derive_shopify_schema.py from the schema in @shopify/dev-mcp 1.16.0, whose licence says:
#
# Copyright 2025-present, Shopify Inc.
#
# Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby
# granted, provided that the above copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL
# IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
# INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN
# AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR
# PERFORMANCE OF THIS SOFTWARE.

"""


class Uses(Visitor):
    """Collects the types, fields and arguments that a document touches."""

    def __init__(self, schema: GraphQLSchema, info: TypeInfo) -> None:
        super().__init__()
        self.schema = schema
        self.info = info
        self.fields: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.types: set[str] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent, field = self.info.get_parent_type(), self.info.get_field_def()
        if parent is None or field is None or node.name.value.startswith("__"):
            return
        given = {argument.name.value for argument in node.arguments or ()}
        for name, argument in field.args.items():
            if name in given or is_required_argument(argument):
                self.fields[parent.name][node.name.value].add(name)
                self.keep(get_named_type(argument.type))
        self.fields[parent.name][node.name.value] |= set()
        self.keep(get_named_type(field.type))

    def enter_variable_definition(self, *_: Any) -> None:
        self.keep(get_named_type(self.info.get_input_type()))

    def enter_inline_fragment(self, *_: Any) -> None:
        self.keep(get_named_type(self.info.get_type()))

    def keep(self, kind: Any) -> None:
        """Keep a type; input types whole, so that an unknown input field stays an error; unions with their members."""
        if kind is None or kind.name in self.types:
            return
        self.types.add(kind.name)
        if is_input_object_type(kind):
            for field in kind.fields.values():
                self.keep(get_named_type(field.type))
        if is_union_type(kind):
            for member in kind.types:
                self.keep(member)


def uses(schema: GraphQLSchema, documents: Iterable[DocumentNode]) -> Uses:
    """What all documents touch together."""
    info = TypeInfo(schema)
    found = Uses(schema, info)
    found.types |= {root.name for root in (schema.query_type, schema.mutation_type) if root}
    for document in documents:
        visit(document, TypeInfoVisitor(info, found))
    return found


def plainest(kind: Any) -> str:
    """The plainest field of a type that nobody reads: a GraphQL type cannot be empty."""

    def oddity(name: str) -> tuple[bool, bool, bool, str]:
        field = kind.fields[name]
        return bool(field.deprecation_reason), not is_leaf_type(get_named_type(field.type)), bool(field.args), name

    return min((str(name) for name in kind.fields), key=oddity)


def cut_fields(node: Any, found: Uses) -> Any:
    """The type with only the fields and arguments in use, and the interfaces that are kept."""
    kind: Any = found.schema.type_map[node.name.value]
    faces = tuple(face for face in node.interfaces or () if face.name.value in found.types)
    used = found.fields[node.name.value]
    for face in faces:
        for name, arguments in found.fields[face.name.value].items():
            used[name] |= arguments
    for name in tuple(used) or (plainest(kind),):
        found.keep(get_named_type(kind.fields[name].type))
        used[name] |= set()
    fields = tuple(cut_arguments(field, used[field.name.value]) for field in node.fields if field.name.value in used)
    return replace(node, interfaces=faces, fields=fields)


def cut_arguments(field: Any, used: set[str]) -> Any:
    """The field with only the arguments in use."""
    return replace(field, arguments=tuple(given for given in field.arguments or () if given.name.value in used))


class Mute(Visitor):
    """Takes the descriptions away."""

    def leave(self, node: Any, *_: Any) -> Any:
        return replace(node, description=None) if getattr(node, "description", None) else None


def derive(sdl: str, documents: Iterable[str]) -> str:
    """The SDL of the subset, types in alphabetical order, without the notice."""
    tree = parse(sdl, no_location=True)
    found = uses(build_ast_schema(tree, assume_valid=True), [parse(text) for text in documents])
    named = {node.name.value: node for node in tree.definitions if hasattr(node, "name") and node.name}
    done: dict[str, Any] = {}
    while waiting := sorted(found.types - set(done)):
        for name in waiting:
            node = named.get(name)
            done[name] = cut_fields(node, found) if hasattr(node, "interfaces") else node
    kept = [visit(node, Mute()) for _, node in sorted(done.items()) if node]
    head = f"schema {{\n  query: {found.schema.query_type.name}\n  mutation: {found.schema.mutation_type.name}\n}}"  # type: ignore[union-attr]
    return "\n\n".join([head, *(print_ast(node) for node in kept)]) + "\n"


def main(schema: str, *documents: str) -> None:
    """Print the subset with its notice."""
    raw = Path(schema).read_bytes()
    sdl = (gzip.decompress(raw) if schema.endswith(".gz") else raw).decode("utf-8")
    sys.stdout.write(NOTICE + derive(sdl, [Path(name).read_text("utf-8") for name in documents]))


if __name__ == "__main__":
    main(*sys.argv[1:])
