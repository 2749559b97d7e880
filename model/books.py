"""The books that tunes come from, by the names that members know."""

BOOKS = {
    "cobb": "Cobb's Irish Folk Music",
    "oneills1850": "O'Neill's Music of Ireland",
    "ryansMammoth": "Ryan's Mammoth Collection",
    "airdsAirs": "Aird's Airs",
    "miscFolk": "music21's folk tunes",
}


def book(source: str) -> str:
    """The book's name; of a user's own source, the name it was given."""
    return BOOKS.get(source, source)
