"""The chat page: a shop's conversation in a browser, made with Gradio. Everything it loads comes from this machine.

`thread.py` writes what is seen, `conversation.py` decides what a click does, `page.css` and `page.js` lie beside.
"""

import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoptalk.errors import ShopError
from shoptalk.ui.cards import Pictures
from shoptalk.ui.conversation import Conversation, Mark, Turn
from shoptalk.ui.examples import examples
from shoptalk.ui.talks import Talks
from shoptalk.ui.thread import earlier, masthead, opening, said, shop_title, shown

if TYPE_CHECKING:
    import gradio as gr

    from shoptalk.shop import Shop

__all__ = ["look", "make_page", "serve"]

_HERE = Path(__file__).parent
_FONTS = ("-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Helvetica Neue", "Arial", "sans-serif")
_FRAME = 0.04
_LOOKS_UP = 0.5
_LONGEST_MESSAGE = 2000


def make_page(shop: "Shop", *, user: str | None = None, pictures: Pictures = "local") -> "gr.Blocks":
    """The page over an open shop; `make_page(shop).launch()` serves it.

    Each browser has a talk of its own and keeps it over a reload; with `user`, all of them are that user's.
    `pictures="local"` shows `data:` images and image files of this machine, and a drawing for every other item, so that
    no request leaves the machine; "remote" lets the browser fetch items' http(s) pictures from their hosts.
    To mount it on an app of your own: `gr.mount_gradio_app(app, make_page(shop), path, **look())`.
    """
    _keep_quiet()
    import gradio as gr

    page = _Page(shop, Talks(shop, user), pictures)
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    drawn = partial(gr.HTML, js_on_load=script, apply_default_css=False)

    def clicked(key: str | None, event: gr.EventData) -> Iterator[tuple[Any, ...]]:
        yield from page.clicked(key, event._data)

    with gr.Blocks(title=shop_title(shop.name), analytics_enabled=False) as blocks:
        kept = gr.BrowserState(None, storage_key=f"shoptalk {shop.name}")
        held = gr.State(None)
        head = drawn(masthead(shop.name, len(shop.catalog), shop.catalog.schema), elem_id="st-head")
        past = drawn("", elem_id="st-past")
        now = drawn("", elem_id="st-now")
        picks = drawn("", elem_id="st-picks")
        box = gr.Textbox(
            label="Your message",
            show_label=False,
            placeholder="Say what you are looking for…",
            lines=1,
            max_lines=6,
            max_length=_LONGEST_MESSAGE,
            submit_btn=True,
            autofocus=True,
            container=False,
            elem_id="st-box",
        )
        seen = [past, now, picks]
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        blocks.load(page.opened, [kept], [kept, held, *seen], **quiet)
        box.submit(page.said, [held, box], [box, held, kept, *seen], **quiet)
        for part in (head, past, now, picks):
            part.click(clicked, [held], [box, held, kept, *seen], trigger_mode="multiple", **quiet)
    blocks.queue(default_concurrency_limit=8)
    blocks.launch = partial(blocks.launch, ssr_mode=False, run_history=False, **look())
    return blocks


def look() -> dict[str, Any]:
    """What `launch` and `gr.mount_gradio_app` need for the page to look as it should: theme, css, no footer."""
    _keep_quiet()
    import gradio as gr

    theme = gr.themes.Base(font=list(_FONTS), font_mono=["ui-monospace", "Menlo", "monospace"])
    return {"theme": theme, "css": (_HERE / "page.css").read_text(encoding="utf-8"), "footer_links": []}


def serve(
    shop: "Shop",
    *,
    user: str | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    open_browser: bool = True,
    share: bool = False,
    pictures: Pictures = "local",
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the page until interrupted. Without `port`, 7860 or the next free one.

    `ready` is called with the page's address once it answers. `share` asks Gradio for a public address: that does leave
    the machine. Raises ShopError if the port is taken.
    """
    page = make_page(shop, user=user, pictures=pictures)
    try:
        _, address, public = page.launch(
            server_name=host,
            server_port=port,
            inbrowser=open_browser,
            share=share,
            quiet=True,
            prevent_thread_lock=True,
        )
    except OSError as error:
        where = f"port {port} of {host}" if port else f"{host} at ports 7860 to 7959"
        raise ShopError(f"the page cannot be served on {where}.", hint="Give another port, or none.") from error
    try:
        if ready is not None:
            ready(public or address)
        never = threading.Event()
        while not never.wait(_LOOKS_UP):  # a signal that another thread received is only seen between waits
            pass
    except KeyboardInterrupt:
        pass
    finally:
        page.close(verbose=False)


class _Page:
    """What the page's events do. Outputs are in the order in which `make_page` lists them."""

    def __init__(self, shop: "Shop", talks: Talks, pictures: Pictures) -> None:
        self._shop, self._talks, self._pictures = shop, talks, pictures
        self._examples = examples(shop.catalog)

    def opened(self, kept: str | None) -> tuple[Any, ...]:
        """The page was loaded or reloaded: continue this browser's talk, or begin one."""
        key, conversation = self._talks.get(kept)
        return key, key, *self._parts(conversation)

    def said(self, key: str | None, message: str) -> Iterator[tuple[Any, ...]]:
        """A message was sent from the box."""
        key, conversation = self._talks.get(key)
        yield from self._played(key, conversation, conversation.say(message.strip()[:_LONGEST_MESSAGE]), box="")

    def clicked(self, key: str | None, data: object) -> Iterator[tuple[Any, ...]]:
        """A button of ours was pressed; what it says of itself came from the browser and is not trusted."""
        key, conversation = self._talks.get(key)
        sent = data if isinstance(data, dict) else {}
        act, item, text = (str(sent.get(name) or "")[:_LONGEST_MESSAGE] for name in ("act", "item", "text"))
        match act:
            case "restart":
                conversation.start_over()
            case "opened":
                conversation.opened(item)
            case "looked":
                conversation.looked_at(item, _seconds(text))
        played: dict[str, Callable[[], Iterator[Turn]]] = {
            "say": lambda: conversation.say(text),
            "more": lambda: conversation.more_like(item),
            "drop": lambda: conversation.drop(str(sent.get("key") or "")),
            "choose": lambda: conversation.choose(int(text) if text.isdecimal() else -1),
            "undo": conversation.undo,
            "retry": conversation.retry,
            **{mark.value: partial(conversation.mark, item, mark) for mark in Mark},
        }
        yield from self._played(key, conversation, played[act]() if act in played else iter(()))

    def _played(
        self, key: str, conversation: Conversation, turns: Iterator[Turn], box: str | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """One update of the page for each change of the turn, at most 25 a second; what did not change is not sent."""
        import gradio as gr

        sent: tuple[Any, ...] = (None, None, None)
        cleared, last, first = gr.skip() if box is None else box, 0.0, True
        for _ in turns:
            if not first and time.monotonic() - last < _FRAME:
                continue
            parts = self._parts(conversation) if first else (sent[0], *self._going_on(conversation))
            yield cleared, key, key, *(gr.skip() if new == old else new for new, old in zip(parts, sent, strict=True))
            cleared, last, sent, first = gr.skip(), time.monotonic(), parts, False
        yield cleared, key, key, *self._parts(conversation)

    def _parts(self, conversation: Conversation) -> tuple[str, str, str]:
        """HTML of past, present turn and what it shows."""
        if not conversation.turns:
            return "", opening(self._shop.name, len(self._shop.catalog), self._examples), ""
        schema = self._shop.catalog.schema
        past = earlier(conversation.turns[:-1], conversation.marks, schema, self._pictures)
        return past, *self._going_on(conversation)

    def _going_on(self, conversation: Conversation) -> tuple[str, str]:
        turn = conversation.turns[-1]
        schema, number = self._shop.catalog.schema, len(conversation.turns)
        shows = shown(turn, conversation.items, conversation.marks, schema, self._pictures)
        return f'<div class="st-turn" data-turn="{number}">{said(turn)}</div>', shows


def _seconds(text: str) -> float:
    """A time that the browser told; NaN if it is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _keep_quiet() -> None:
    """Gradio asks the network for news of itself unless told otherwise before it is imported."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
