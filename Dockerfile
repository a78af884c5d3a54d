# Three images of the same program, built and run by docker-compose.yml:
#   docker build --target node .         takes CTs, queues, shows; no accelerator
#   docker build --target worker .       draws on the CPU (ONNX Runtime), delivers
#   docker build --target worker-gpu .   draws on an NVIDIA card (TensorFlow, CUDA 12.2 from NVIDIA's wheels), delivers
# `npm run test:long` runs each RUN line in a Debian of its own (test/project/deployment/dockerfile.long.ts).
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS packages
# Debian's Node.js only runs npm; contour-node runs on the Node 24 that is among the packages.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates nodejs npm \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package runs a script of its own (.npmrc). ONNX Runtime brings its libraries for every system.
# npm 9, which Debian 12 has, does not link the node that the package node-linux-* brings.
RUN npm ci --omit=dev \
 && ln -sf ../"$(cd node_modules && echo node-linux-*)"/bin/node node_modules/.bin/node \
 && rm -rf node_modules/onnxruntime-node/bin/napi-v6/darwin node_modules/onnxruntime-node/bin/napi-v6/win32 \
 && rm -rf /root/.npm

FROM packages AS packages-gpu
RUN apt-get update \
 && apt-get install -y --no-install-recommends g++ make python3 python3-pip unzip \
 && rm -rf /var/lib/apt/lists/*
COPY deps deps
# What compiles the binding is among the packages for development, which go again. The wheels (2.2 GB) stay in the cache.
RUN --mount=type=cache,target=/var/cache/contour-node npm ci \
 && ln -sf ../"$(cd node_modules && echo node-linux-*)"/bin/node node_modules/.bin/node \
 && CONTOUR_NODE_CACHE=/var/cache/contour-node deps/build-tensorflow.sh gpu \
 && npm prune --omit=dev \
 && ln -sf ../"$(cd node_modules && echo node-linux-*)"/bin/node node_modules/.bin/node \
 && rm -rf /root/.npm

FROM ${BASE} AS app
# Numbers, so that a volume made elsewhere (NFS, another host) can be given to the same owner.
RUN groupadd --system --gid 10001 contour-node \
 && useradd --system --uid 10001 --gid 10001 --home-dir /app --no-create-home --shell /usr/sbin/nologin contour-node \
 && install -d -o 10001 -g 10001 -m 0700 /data
WORKDIR /app
COPY package.json contour-node ./
COPY bin bin
COPY src src
COPY worker worker
COPY config config
COPY models models
COPY docs docs
USER 10001:10001
VOLUME /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/contour-node"]

FROM app AS node
COPY --from=packages /app/node_modules node_modules
EXPOSE 11112 8080
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s CMD ["/app/contour-node", "health", "node", "--config", "/config/contour-node.yaml"]
CMD ["node", "--config", "/config/contour-node.yaml"]

FROM app AS worker
COPY --from=packages /app/node_modules node_modules
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s CMD ["/app/contour-node", "health", "worker", "--config", "/config/contour-node.yaml"]
CMD ["worker", "--config", "/config/contour-node.yaml"]

FROM app AS worker-gpu
COPY --from=packages-gpu /app/node_modules node_modules
# What the NVIDIA Container Toolkit gives to the container; the root file system can only be read.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility CUDA_CACHE_PATH=/tmp/cuda
HEALTHCHECK --interval=30s --timeout=10s --start-period=300s CMD ["/app/contour-node", "health", "worker", "--config", "/config/contour-node.yaml"]
CMD ["worker", "--config", "/config/contour-node.yaml", "--engine", "tensorflow", "--device", "gpu"]
