"""What the person who runs shoptalk may choose, from the environment (`SHOPTALK_...`) or by argument."""

import os
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from platformdirs import user_cache_dir, user_data_dir
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """One frozen set of choices; make it once and pass it on. Unset fields are read from `SHOPTALK_<FIELD>`."""

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

    @field_validator("chroma_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is not None and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
            raise ValueError(f"'{url}' is no address of a Chroma server; it looks like 'http://localhost:8000'")
        return url
