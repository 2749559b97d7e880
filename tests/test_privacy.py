"""docs/privacy.md explains every column that there is."""

from tests.privacy_table import DOCUMENT, TABLES, written


def test_every_column_is_explained_and_the_document_says_so() -> None:
    text = DOCUMENT.read_text()
    assert written(text) == text, "python -m tests.privacy_table writes it"
    assert all(f"| `{name}` |" in text for name in TABLES)
