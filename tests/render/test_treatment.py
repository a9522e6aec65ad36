"""What was done to the data, made short."""

from fallline.render._treatment import grouped


def row(column, treatment="standardized", features="1", kind="number"):
    return {"column": column, "kind": kind, "treatment": treatment, "features": features}


def test_columns_treated_alike_are_one_row_with_their_features_summed():
    rows = [row("a"), row("b", "one-hot", "3", "category"), row("c", features="2")]
    assert grouped(rows) == (
        row("a, c", features="3"),
        row("b", "one-hot", "3", "category"),
    )


def test_long_groups_name_three_columns_and_count_the_rest():
    assert grouped([row(name) for name in "abcdef"])[0]["column"] == "a, b, c and 3 more"


def test_features_that_are_not_numbers_are_kept():
    assert grouped([row("a", features="1"), row("b", features="?")])[0]["features"] == "1, ?"
