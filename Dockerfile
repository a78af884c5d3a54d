# Two images of the same program, built and run by docker-compose.yml:
#   docker build --target node .         takes CTs, queues, shows; no accelerator
#   docker build --target worker .       draws on the CPU (ONNX Runtime), delivers
# `npm run test:long` runs each RUN line in a Debian of its own (test/deployment/dockerfile.long.ts).
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
COPY test/peers test/peers
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
