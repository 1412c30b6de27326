# Two commands matter: `make run` and `make test`. Both do the whole set-up and are safe to repeat.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

$(VENV)/installed: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip --quiet --disable-pip-version-check install --require-hashes -r requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	@$(BIN)/python -m pip --quiet --disable-pip-version-check install --require-hashes -r requirements-dev.txt
	@touch $@

# Debian's packages, where we are root and they are missing. Elsewhere what needs them says so.
SERVE_PACKAGES := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk
TEST_PACKAGES := $(SERVE_PACKAGES) chromium postgresql-15 poppler-utils openssl golang-go golang-golang-x-mod-dev softhsm2 opensc
define install_packages
	@missing=$$(for name in $(1); do dpkg-query -W -f='$${Status}' $$name 2>/dev/null | grep -q ' installed' || echo $$name; done); \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Debian packages: "$$missing; \
		{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends $$missing; } >/dev/null 2>&1 \
			|| echo "Could not install: "$$missing" (no network?). Going on without."; \
	fi
endef

run: $(VENV)/installed ## set everything up and serve the demo network (PORT, HOST, TIMEBANK_DATABASE_URL)
	$(call install_packages,$(SERVE_PACKAGES))
	@$(BIN)/python -m timebank serve

test: $(VENV)/installed-dev ## set everything up and run every test
	$(call install_packages,$(TEST_PACKAGES))
	@$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/installed-dev ## style, types and import contracts
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --config setup.cfg

check: lint test ## lint and test

bench: $(VENV)/installed-dev ## measure against raw limits; writes docs/performance.md
	$(call install_packages,$(TEST_PACKAGES))
	@$(BIN)/python -m bench

messages: $(VENV)/installed-dev ## collect the texts, merge the translations, compile both catalogues
	@$(BIN)/python -m timebank messages

lock: $(VENV)/installed ## pin the newest versions that setup.cfg and pyproject.toml allow
	@$(BIN)/python -m pip --quiet install uv
	@$(BIN)/uv pip compile -q --upgrade setup.cfg --generate-hashes --no-header --python-version 3.11 -o requirements.txt
	@$(BIN)/uv pip compile -q --upgrade setup.cfg --group test --generate-hashes --no-header --python-version 3.11 -o requirements-dev.txt

clean: ## remove what was installed; keeps instance/
	@rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache

.PHONY: help run test lint check bench messages lock clean
