# One image for node and worker; docker-compose.yml says which half a container is.
FROM debian:bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates nodejs npm \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Debian's Node.js only runs npm; contour-node runs on the Node 24 that is among the packages.
RUN npm ci --omit=dev

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends redis-server \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /app contour
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY package.json contour-node ./
COPY bin bin
COPY src src
COPY worker worker
COPY config config
COPY models models
RUN install -d -o contour -g contour /data
USER contour
VOLUME /data
EXPOSE 11112 8080
ENTRYPOINT ["/app/contour-node"]
CMD ["start", "--config", "/config/contour-node.yaml"]
