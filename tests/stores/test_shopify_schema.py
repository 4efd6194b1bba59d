"""Every document of the Shopify connector fits the 2026-10 schema, and the subset is no larger than it must be."""

from importlib.resources import files

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate
from graphql.validation import NoDeprecatedCustomRule

from tests.stores.derive_shopify_schema import NOTICE, derive

SDL = files("integration.demo").joinpath("stores/shopify_schema.graphql").read_text("utf-8")
DOCUMENTS = {
    file.name.removesuffix(".graphql"): file.read_text("utf-8")
    for file in files("connectors.stores.shopify").joinpath("queries").iterdir()
}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    # Shopify's own schema breaks a rule of the specification about deprecated interface fields.
    return build_schema(SDL, assume_valid=True)


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_fits_the_schema(schema: GraphQLSchema, name: str) -> None:
    assert validate(schema, parse(DOCUMENTS[name])) == []


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_uses_nothing_deprecated(schema: GraphQLSchema, name: str) -> None:
    assert validate(schema, parse(DOCUMENTS[name]), [NoDeprecatedCustomRule]) == []


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_holds_one_operation(name: str) -> None:
    assert len(parse(DOCUMENTS[name]).definitions) == 1


def test_the_subset_holds_what_the_documents_use_and_nothing_else() -> None:
    assert derive(SDL, DOCUMENTS.values()) == SDL.removeprefix(NOTICE)


def test_the_subset_carries_shopifys_licence_and_none_of_its_descriptions() -> None:
    assert SDL.startswith(NOTICE)
    assert '"""' not in SDL


def test_an_unknown_input_field_is_an_error(schema: GraphQLSchema) -> None:
    sentence = "mutation { discountCodeBasicCreate(basicCodeDiscount: {oncePerPerson: true}) { userErrors { code } } }"
    assert "oncePerPerson" in validate(schema, parse(sentence))[0].message


def test_the_schema_knows_which_fields_are_deprecated(schema: GraphQLSchema) -> None:
    sentence = """mutation { discountCodeBasicCreate(basicCodeDiscount: {customerSelection: {all: true}})
                  { userErrors { code } } }"""
    assert validate(schema, parse(sentence)) == []
    assert "deprecated" in validate(schema, parse(sentence), [NoDeprecatedCustomRule])[0].message
