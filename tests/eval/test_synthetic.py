"""The made-up catalog: the same for the same seed, of the size asked, with every title its own."""

from shoptalk.eval.synthetic import synthetic_records, write_synthetic
from shoptalk.retrieval.reading import read_records


def test_records_repeat_with_the_seed_and_titles_do_not():
    records = list(synthetic_records(4_000, seed=4))
    assert records == list(synthetic_records(4_000, seed=4))
    assert records != list(synthetic_records(4_000, seed=5))
    assert len({record["title"] for record in records}) == len({record["id"] for record in records}) == 4_000


def test_the_file_is_a_catalog_that_shoptalk_reads(tmp_path):
    path = write_synthetic(tmp_path / "made.jsonl.gz", 50)
    fields = [record.fields for record in read_records(path)]
    assert len(fields) == 50
    assert {"title", "price", "colours", "in_stock"} <= set(fields[0])
