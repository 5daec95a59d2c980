"""Whose conversation it is: each browser holds the key of its own, and of no other."""

import hmac
import secrets
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from shoptalk.ui.conversation import Conversation

if TYPE_CHECKING:
    from shoptalk.shop import Shop


class Talks:
    """The conversations that are open, by a key that only their browser holds; the longest unused ones are let go.

    A key is the talk's id signed with a secret of this process: a guessed or altered id opens nothing, and a talk that
    was let go is opened again from the shop's log.
    """

    def __init__(self, shop: "Shop", user: str | None = None, *, most: int = 500) -> None:
        """Talks of `user`, or of passers-by; at most `most` are held open at a time."""
        self._shop, self._user, self._most = shop, user, most
        self._secret = secrets.token_bytes(32)
        self._open: OrderedDict[str, Conversation] = OrderedDict()
        self._lock = threading.Lock()

    def new(self) -> tuple[str, Conversation]:
        """A fresh talk and its key."""
        conversation = Conversation.of(self._shop.talk(self._user), len(self._shop.catalog))
        return self._keep(self._key(conversation.talk.id), conversation)

    def get(self, key: object) -> tuple[str, Conversation]:
        """The talk of that key, a fresh one if the key is not one of ours."""
        talk_id = key.rpartition(".")[0] if isinstance(key, str) else ""
        if not talk_id or not hmac.compare_digest(self._key(talk_id).encode(), str(key).encode()):
            return self.new()
        with self._lock:
            conversation = self._open.get(str(key))
        if conversation is None:
            try:
                talk = self._shop.talk(self._user, id=talk_id)
            except KeyError:  # the shop's log was removed meanwhile
                return self.new()
            conversation = Conversation.of(talk, len(self._shop.catalog))
        return self._keep(str(key), conversation)

    def _key(self, talk_id: str) -> str:
        return f"{talk_id}.{hmac.new(self._secret, talk_id.encode(), 'sha256').hexdigest()}"

    def _keep(self, key: str, conversation: Conversation) -> tuple[str, Conversation]:
        with self._lock:
            held = self._open.setdefault(key, conversation)
            self._open.move_to_end(key)
            while len(self._open) > self._most:
                self._open.popitem(last=False)
        return key, held
