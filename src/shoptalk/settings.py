"""What the person who runs shoptalk may choose: by argument, from the environment (`SHOPTALK_...`), or from a file.

The file is TOML with the fields' names, `shoptalk.toml` in the user's configuration folder; SHOPTALK_CONFIG names
another. What is given by argument goes before the environment, and that before the file.
"""

import os
import tomllib
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from platformdirs import user_cache_dir, user_config_dir, user_data_dir
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from shoptalk.errors import ShoptalkError

_CONFIG = "SHOPTALK_CONFIG"


class Settings(BaseSettings):
    """One frozen set of choices; make it once and pass it on. Unset fields are read from `SHOPTALK_<FIELD>`.

    Raises pydantic's ValidationError for a value that cannot be, ShoptalkError for a file that cannot be read.
    """

    model_config = SettingsConfigDict(env_prefix="SHOPTALK_", env_ignore_empty=True, frozen=True, extra="forbid")

    home: Path = Field(
        default_factory=lambda: Path(user_data_dir("shoptalk")),
        description="folder in which shops that are opened by name live",
    )
    cache: Path = Field(
        default_factory=lambda: Path(user_cache_dir("shoptalk")),
        description="folder for what can be made again: encoders exported to ONNX",
    )
    encoder: str | None = Field(
        default=None,
        description="sentence encoder: a local folder, a hub id, or 'hashing'; unset: the packaged all-MiniLM-L6-v2",
    )
    threads: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, description="threads that encoder and tagger compute with"
    )
    tagger: Path | None = Field(
        default=None,
        description="folder that 'shoptalk teach' wrote; 'none': the parser alone; unset: the weights that ship",
    )
    talk_encoder: Path | None = Field(
        default=None,
        description="folder that 'shoptalk teach-talks' wrote; 'none': talks are ranked without it; unset: what ships",
    )
    cross_encoder: bool = Field(
        default=True, description="whether the talk transformer reads the first candidates again, where that helps"
    )
    novelty: float = Field(
        default=0.0, ge=0, le=1, description="what being known to nobody adds to an item, in shares of the score range"
    )
    diversity: bool = Field(default=True, description="whether picks that are much alike give way to others")
    sold_out: Literal["leave out", "bury"] = Field(
        default="leave out", description="what is out of stock: never picked unless asked for, or after all else"
    )
    chroma_url: str | None = Field(
        default=None,
        description="address of a Chroma server, 'http://host:port'; unset: vectors are kept in the shop's folder",
    )

    llm_url: str | None = Field(
        default=None,
        description="address of a language model's server, OpenAI-compatible as vLLM's is; unset: no model is asked",
    )
    llm_model: str | None = Field(default=None, description="the model's name there; unset: the first that it serves")
    llm_key: SecretStr | None = Field(default=None, description="the key that the server wants to see")
    llm_doors: Literal["both", "plan", "explain"] = Field(
        default="explain", description="what the model does: understand messages, write answers, or both"
    )
    llm_first_word: float = Field(
        default=8.0,
        gt=0,
        description="seconds until an answer's first word; after that the embedded part writes",
    )
    llm_seconds: float = Field(default=20.0, gt=0, description="seconds until an answer is whole, with a model")
    llm_context: int | None = Field(
        default=None, ge=512, description="tokens that the model takes in all; unset: what its server says, or 4096"
    )

    @field_validator("chroma_url", "llm_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is not None and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
            raise ValueError(f"'{url}' is no address of a server; it looks like 'http://localhost:8000'")
        return url

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file."""
        return init_settings, env_settings, _file_settings(settings_cls)


def _file_settings(settings_cls: type[BaseSettings]) -> TomlConfigSettingsSource:
    """What the file says; nothing where there is none. One that SHOPTALK_CONFIG names has to be there."""
    named = os.environ.get(_CONFIG)
    file = Path(named).expanduser() if named else Path(user_config_dir("shoptalk")) / "shoptalk.toml"
    if named and not file.is_file():
        raise ShoptalkError(f"{_CONFIG} names {file}, and there is no such file.", hint=f"Make it, or unset {_CONFIG}.")
    try:
        return TomlConfigSettingsSource(settings_cls, toml_file=file)
    except tomllib.TOMLDecodeError as error:
        raise ShoptalkError(f"{file} is not valid TOML: {error}.", hint="Mend that line.") from error
