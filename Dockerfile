# One image for all roles: `docker run … qingting run ROLE`. Built in two stages, runs as a user without rights.
FROM node:24-slim AS assets
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts

FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/qingting && /opt/qingting/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock
COPY contracts contracts
COPY text text
COPY crawlers crawlers
COPY pipeline pipeline
COPY alerts alerts
COPY response response
COPY reports reports
COPY desk desk
COPY backends backends
COPY qingting qingting
COPY examples examples
COPY --from=assets /build/node_modules/echarts/dist/echarts.min.js /build/node_modules/htmx.org/dist/htmx.min.js desk/static/vendor/
RUN /opt/qingting/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends fonts-noto-cjk && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home qingting && install -d -o qingting /home/qingting/home
COPY --from=build /opt/qingting /opt/qingting
USER 10001
ENV PATH=/opt/qingting/bin:$PATH QINGTING_HOME=/home/qingting/home PYTHONUNBUFFERED=1
VOLUME /home/qingting/home
ENTRYPOINT ["qingting"]
CMD ["up"]
