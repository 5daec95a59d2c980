from model_contract import ModelContract

from shoptalk.ranking.models.popular import Popular


class TestPopular(ModelContract):
    model = Popular
    hears = "nothing"
