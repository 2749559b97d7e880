# syntax=docker/dockerfile:1
# docker build --target bot -t tunesmith .                 the bot, and the worker that composes on a CPU
# docker build --target training -t tunesmith:training .   trains too, on an NVIDIA GPU where there is one
# glibc is needed: several dependencies have no wheels for musl (Alpine).

FROM python:3.12-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# strip, which makes libraries smaller
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends binutils \
    && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/tunesmith
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY model model
COPY migrations migrations

FROM build AS cpu
COPY deploy/prune.sh /usr/local/bin/prune.sh
RUN /opt/tunesmith/bin/pip install --extra-index-url https://download.pytorch.org/whl/cpu '.[cluster]' \
    && prune.sh /opt/tunesmith

FROM build AS cuda
RUN /opt/tunesmith/bin/pip install '.[cluster,evaluate]'

FROM python:3.12-slim-bookworm AS base
# what Numba compiles lies where the bot's user may write: it is compiled anew on another kind of processor
ENV PATH=/opt/tunesmith/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    NUMBA_CACHE_DIR=/var/cache/tunesmith \
    TUNESMITH_DATA_DIR=/data
RUN groupadd --gid 10001 tunesmith \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tunesmith \
    && install -d -o tunesmith -g tunesmith -m 0750 /data /var/cache/tunesmith
VOLUME ["/data"]
EXPOSE 8765
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8765/health', timeout=8).close()"]
ENTRYPOINT ["tunesmith"]
CMD ["serve"]

FROM base AS training
COPY --from=cuda /opt/tunesmith /opt/tunesmith
USER 10001:10001
WORKDIR /data
RUN ["python", "-m", "model", "sample", "--key", "D", "--rhythm", "polka", "--form", "AB:4"]

FROM base AS bot
COPY --from=cpu /opt/tunesmith /opt/tunesmith
USER 10001:10001
WORKDIR /data
# a first tune: what Numba compiles is then there before the bot starts
RUN ["python", "-m", "model", "sample", "--key", "D", "--rhythm", "polka", "--form", "AB:4"]
