# Not tested by us: nobody of the project has built this image yet (docs/VERIFIED.md).
#
#   docker build -t aigc-kit .
#   docker run --rm -it -p 127.0.0.1:8888:8888 -v aigc-out:/aigc-kit/out aigc-kit
#
# The address that is printed, with its token, opens JupyterLab on this machine only: the port is published on loopback.

FROM python:3.12-slim AS tools
RUN apt-get update && apt-get install --yes --no-install-recommends git make && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home learner && install --directory --owner=learner /aigc-kit
USER learner

FROM tools AS labs
# such as --build-arg PIP_FLAGS="--extra-index-url ADDRESS" for wheels of torch without CUDA
ARG PIP_FLAGS=
COPY --chown=learner . /aigc-kit
WORKDIR /aigc-kit
RUN make fetch PIP_FLAGS="$PIP_FLAGS" && mkdir -p out
EXPOSE 8888
# inside the container every address of it: its loopback is not this machine's
CMD [".venv/bin/python", "-m", "aigc_kit", "lab", "--jupyter=--ServerApp.ip=0.0.0.0", "--jupyter=--ServerApp.port=8888", "--jupyter=--no-browser"]
