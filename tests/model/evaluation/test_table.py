from model.evaluation.table import aligned, table

SCORES = {
    "preset": "trad",
    "tunes": 12345,
    "bits_per_note": 1.6530000001,
    "zero": 0.0,
    "auc": None,
    "habits": {"bars like the one 1 before": [0.25, None, 0.5], "named": "text"},
    "closest_to": {"The Lark (book)": 0.75},
    "seconds": None,
    "not_measured": {"auc": "too few tunes"},
}


def test_there_is_a_line_for_each_score() -> None:
    lines = table(SCORES).splitlines()
    assert [" ".join(line.split()) for line in lines if line] == [
        "preset trad",
        "tunes 12,345",
        "bits per note 1.653",
        "zero 0",
        "auc too few tunes",
        "habits generated matched held out",
        "bars like the one 1 before 0.25 - 0.5",
        "named text",
        "closest to",
        "The Lark (book) 0.75",
        "seconds not measured",
    ]
    assert not any(line.endswith(" ") for line in lines)


def test_columns_are_aligned() -> None:
    assert aligned([("name", "count"), ("a long name", "7")]) == "name         count\na long name      7"
