"""`python -m tests.privacy_table` writes the table of docs/privacy.md: every column of the schema, why and how long."""

from pathlib import Path

from bot.store.tables import metadata

DOCUMENT = Path(__file__).parents[1] / "docs" / "privacy.md"
BEGIN, END = "<!-- made by `python -m tests.privacy_table` -->\n", "<!-- end -->"
FORGET = "until the member asks to be forgotten"
TUNE = "with the tune: 30 days after that is deleted, or at once when its member is forgotten and asks for it"
SERVER = "30 days after the bot has left the server"
EVER = "for good: nothing of a member is in it"

Row = tuple[str, str, str]  # columns, why they are there, how long they stay
TABLES: dict[str, list[Row]] = {
    "members": [
        (
            "id platform external_id created_at",
            "who asks, votes and may delete: the id that Discord gives a member",
            FORGET,
        ),
        ("name", "the name under a tune, as its platform shows it", f"{FORGET}; a new one replaces it"),
    ],
    "servers": [
        ("id platform external_id name created_at left_at", "whose tunes, settings and lists these are", SERVER),
    ],
    "prompts": [
        ("id member_id server_id version count created_at started_at finished_at", "what was asked, by whom", FORGET),
        ("state attempts error bot leased_until", "how far it is, and what the member was told", FORGET),
        ("key rhythm temperature form seed transpose vary varied_from", "what is composed", FORGET),
        ("tempo instrument band", "how it is played", FORGET),
        ("opening", "bars that the member wrote, which the tune begins with; never learned from", FORGET),
        ("brought", "that an opening was a member's, so that nothing learns from the tune", FORGET),
        ("channel_id message_id delivered_at", "which message shows the answer, to edit it after a restart", FORGET),
    ],
    "tunes": [
        ("id prompt_id ordinal server_id version created_at", "which tune it is", TUNE),
        ("key rhythm seed title abc", "the tune itself", TUNE),
        ("member_id", "who asked for it", FORGET),
        ("nearest_title nearest_source similarity drawn_temperature", "how like a tune of the books it is", TUNE),
        ("up down score", "its votes, counted", TUNE),
        ("deleted_at", "when it was deleted", "30 days, then the tune is erased"),
    ],
    "title_words": [("word tune_id", "words of its title, to find the tune by", TUNE)],
    "incipits": [("steps tune_id", "how the notes of its bars begin, to find the tune by", TUNE)],
    "votes": [
        (
            "tune_id member_id value created_at updated_at",
            "one vote a member; what the bot learns from",
            "until it is withdrawn, its tune is erased, or the member is forgotten",
        ),
    ],
    "standings": [
        ("period began tune_id server_id rhythm up down score", "leaderboards of a day, week and month", TUNE),
    ],
    "server_settings": [
        ("server_id rhythm temperature form tempo instrument band", "defaults that admins chose", SERVER),
        ("cooldown server_cooldown waiting member_waiting", "limits that admins chose", SERVER),
        ("channels admin_roles log_channel", "where the bot answers, and who may set it", SERVER),
    ],
    "retrainings": [
        ("member_id channel_id message_id", "who asked for it, and the message that shows it", FORGET),
        (
            "id server_id state open options base_version votes tunes candidate sha256 report progress error attempts"
            " runner seen_at created_at started_at finished_at delivered_at",
            "what was learned, and whether it held",
            EVER,
        ),
    ],
    "versions": [
        ("number path sha256 name created_at note chosen_at pruned_at retraining_id", "what composes", EVER),
    ],
    "audit": [
        ("member_id", "which admin it was, or who reported a tune", FORGET),
        (
            "id server_id action detail created_at",
            "what admins did, and what was reported and why, which a server's admins can see",
            f"{SERVER}; reports also until the member is forgotten",
        ),
    ],
    "blocked": [
        ("member_id", "whose tune it was", FORGET),
        (
            "id server_id tune_id title abc created_at",
            "tunes and titles that a server's admins do not want again",
            f"{SERVER}; tunes also until whoever asked for them is forgotten",
        ),
    ],
    "checkpoint_files": [
        ("sha256 part data", "versions, for other machines", EVER),
    ],
}


def table() -> str:
    """The table in Markdown. AssertionError where it and the schema differ."""
    lines = ["| table | columns | what for | how long |", "|---|---|---|---|"]
    schema = {name: {column.name for column in each.columns} for name, each in metadata.tables.items()}
    explained = {name: [column for row in rows for column in row[0].split()] for name, rows in TABLES.items()}
    assert {name: sorted(columns) for name, columns in schema.items()} == {k: sorted(v) for k, v in explained.items()}
    for name, rows in TABLES.items():
        for columns, why, until in rows:
            named = ", ".join(f"`{column}`" for column in columns.split())
            lines.append(f"| `{name}` | {named} | {why} | {until} |")
    return "\n".join(lines) + "\n"


def written(text: str) -> str:
    """The document with the table as it is now."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}{table()}{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text()))
