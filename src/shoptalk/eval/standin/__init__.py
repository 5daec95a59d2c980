"""A stand-in for an open model: a server that speaks the OpenAI protocol and says what was recorded, or fails as told.

It lets tests, demonstrations and measurements ask a chat model over real HTTP where there is none.
"""

from shoptalk.eval.standin.faults import Fault, FaultKind
from shoptalk.eval.standin.recording import ChatRequest, Recorder, Recording, Spoken
from shoptalk.eval.standin.server import StandIn

__all__ = ["ChatRequest", "Fault", "FaultKind", "Recorder", "Recording", "Spoken", "StandIn"]
