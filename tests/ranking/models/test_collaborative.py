from model_contract import ModelContract

from shoptalk.ranking.models.co_mention import CoMention
from shoptalk.ranking.models.ease import Ease
from shoptalk.ranking.models.follows import Follows
from shoptalk.ranking.models.neighbours import ItemNeighbours, UserNeighbours
from shoptalk.ranking.models.popular import Popular


class TestPopular(ModelContract):
    model = Popular
    hears = "nothing"


class TestItemNeighbours(ModelContract):
    model = ItemNeighbours


class TestUserNeighbours(ModelContract):
    model = UserNeighbours


class TestEase(ModelContract):
    model = Ease


class TestFollows(ModelContract):
    model = Follows


class TestCoMention(ModelContract):
    model = CoMention
