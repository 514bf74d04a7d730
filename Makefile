# One command each; every target installs what it needs. Parts built from source are cached outside the checkout.
SHELL := /bin/bash
.DELETE_ON_ERROR:

BIN := node_modules/.bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
TS := node -r ts-node/register/transpile-only
JEST := node --experimental-vm-modules --no-warnings $(BIN)/jest
OBJECT := build/ebpf/datapath.bpf.o build/ebpf/trial.bpf.o
PROBE := build/conformance/probe
CLANG_FLAGS := -O2 -g -Wall -Wextra -Werror -target bpf -mcpu=v3 -idirafter /usr/include/$(shell uname -m)-linux-gnu

.PHONY: help
help: ## Prints this list
	@grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# Two at a time would empty the directory under each other.
node_modules/.stamp: package-lock.json
	@mkdir -p build
	flock build/npm.lock sh -c 'test $@ -nt $< || npm ci --no-audit --no-fund --loglevel=error'
	@# npm 9, Debian 12's, does not link the program of the one architecture's package that fits.
	@for node in node_modules/node-linux-*/bin/node; do ln -sf ../$${node#node_modules/} $(BIN)/node; done
	@touch $@

.PHONY: deps
deps: node_modules/.stamp ## Installs Node modules, compilers and kernel tools
	@$(TS) release/tools/debian.ts build

build/ebpf/%.bpf.o: ebpf/%.bpf.c $(wildcard ebpf/*.h) | deps
	@mkdir -p $(@D)
	clang $(CLANG_FLAGS) -c $< -o $@

.PHONY: build
build: $(OBJECT) ## Compiles the eBPF objects (build/) and the operator (dist/)
	npm run --silent build

.PHONY: generate
generate: node_modules/.stamp ## Writes CRD, chart schema and generated docs from operator/api and accelctl
	npm run --silent generate

.PHONY: format
format: deps ## Breaks the lines of TypeScript, JavaScript and C as prettier and clang-format do
	npm run --silent format

.PHONY: lint
lint: deps ## Checks types, line breaks, import directions, the words of type names, and that generated files are up to date
	tsc --noEmit
	tsc -p operator/cli/console/page
	npm run --silent format:check
	npm run --silent lint
	$(TS) release/words/main.ts
	npm run --silent generate -- --check
	$(TS) release/gitops/main.ts --check

.PHONY: reading-sample
reading-sample: node_modules/.stamp ## Draws sixty places at random, for a reader who has not seen the project (SEED=n)
	@$(TS) release/reading/main.ts $(SEED)

.PHONY: render
render: node_modules/.stamp ## Writes deploy/ from the chart: Kustomize base, add-on, settings for Argo CD
	$(TS) release/gitops/main.ts

.PHONY: addon
addon: node_modules/.stamp ## Packs the add-on for cluster consoles into build/addon
	@$(TS) release/gitops/pack.ts

.PHONY: unit
unit: node_modules/.stamp ## Runs unit tests, without root or network
	$(JEST) --selectProjects unit

.PHONY: test
test: build $(PROBE) ## Runs lint and the unit, kernel, API server and cluster tests; the last line says "N passed, N failed" (root)
	@rm -f build/test-counts.jsonl
	@$(TS) e2e/stand/tools/debian.ts all
	-@$(MAKE) --no-print-directory tools
	@# The kernel's tests mostly wait, so the others run beside them; then two clusters, one after the other: their agents need the processors.
	@COUNT_TESTS=1 $(MAKE) --no-print-directory -k -j2 test-kernel test-beside; \
	  COUNT_TESTS=1 $(MAKE) --no-print-directory -k test-cluster-life test-cluster-rest; \
	  node e2e/stand/support/testCounts.js lint unit kernel e2e test-cluster-life test-cluster-rest

# What is built from source takes longer than a test may wait, and two tests would build the same.
.PHONY: tools
tools: node_modules/.stamp ## Builds or downloads the programs that tests run: API server, kubelet, containerd, Envoy and others
	@$(TS) e2e/stand/tools/main.ts > /dev/null

.PHONY: lint-counted test-kernel test-api test-cluster test-cluster-life test-cluster-rest test-beside
test-beside: # builds nothing: the kernel's tests are using dist/
	-@$(MAKE) --no-print-directory lint-counted
	-$(JEST) --selectProjects unit
	$(JEST) --selectProjects e2e --runInBand

lint-counted:
	@$(MAKE) --no-print-directory lint && node -e 'require("./e2e/stand/support/testCounts.js").append("lint", 1, 0)' \
	  || { node -e 'require("./e2e/stand/support/testCounts.js").append("lint", 0, 1)'; exit 1; }

test-kernel: $(OBJECT) $(PROBE) ## Tests the datapath in network namespaces of the tests (root)
	@$(TS) e2e/stand/tools/debian.ts all
	$(JEST) --selectProjects kernel --runInBand

test-api: build tools ## Tests chart, controller and accelctl on a real API server
	$(JEST) --selectProjects e2e --runInBand

.PHONY: console-pictures
console-pictures: build tools ## Writes the pictures of docs/console as the tests of the console see them
	CONSOLE_PICTURES=$(CURDIR)/docs/console $(JEST) --selectProjects e2e --runInBand --testPathPatterns cases/console

test-cluster: build tools ## Tests agents, and the product on a real two-node cluster (root)
	$(JEST) --selectProjects cluster --runInBand

test-cluster-life test-cluster-rest: build
	TEST_PART=$@ $(JEST) --selectProjects cluster --runInBand --testPathPatterns '$(if $(findstring life,$@),cluster/lifecycle,^(?!.*cluster/lifecycle))'

.PHONY: soak soak-page
soak: $(OBJECT) ## Runs checksummed traffic while modes, selectors and agents change (root; MINUTES=2 or GB=100, SEED=n)
	@$(TS) e2e/stand/tools/debian.ts all
	$(TS) e2e/suites/soak/main.ts $(if $(MINUTES),--minutes $(MINUTES)) $(if $(GB),--gigabytes $(GB)) $(if $(SEED),--seed $(SEED))

.PHONY: test-bounds
test-bounds: $(OBJECT) ## Tests memory bounds with a million short connections and stalled readers; writes docs/bounds.* (root; CONNECTIONS=n)
	@$(TS) e2e/stand/tools/debian.ts all
	$(TS) e2e/suites/bounds/main.ts $(CONNECTIONS)

soak-page: node_modules/.stamp ## Writes docs/soak.* from the last soak
	$(TS) e2e/suites/soak/page.ts

.PHONY: test-attacks
test-attacks: build tools ## Tests attacks by clients with few rights, on a real cluster; writes docs/attacks.* (root; ARGS="--only idle")
	@$(TS) e2e/stand/tools/debian.ts all
	$(TS) e2e/suites/attacks/main.ts $(ARGS)

.PHONY: test-programs
test-programs: $(OBJECT) ## Tests Redis, PostgreSQL, nginx, HAProxy and others through two Envoys; writes docs/programs.* (root; ARGS="--only nginx")
	@$(TS) e2e/stand/tools/debian.ts programs
	$(JEST) --selectProjects programs --runInBand
	$(TS) e2e/suites/programs/main.ts $(ARGS)

.PHONY: test-readers
test-readers: $(OBJECT) ## Tests programs that read sockets, in every situation that could stall them; writes docs/readers.* (root, Cargo; ARGS="--only nginx --turns 1")
	@$(TS) e2e/stand/tools/debian.ts readers
	$(TS) e2e/suites/readers/main.ts $(ARGS)

$(PROBE): $(wildcard e2e/suites/conformance/probe/*.[ch] e2e/suites/conformance/probe/cases/*.[ch]) ebpf/abi.h ebpf/connections.h | deps
	@mkdir -p $(@D)
	cc -std=gnu11 -O2 -static -pthread -Wall -Wextra -Werror -Wno-missing-field-initializers $(filter %.c,$^) -o $@

.PHONY: conformance
conformance: $(OBJECT) $(PROBE) ## Compares the socket API over TCP and accelerated; writes docs/conformance.* (root; ARGS=--help)
	@$(TS) e2e/stand/tools/debian.ts all
	$(TS) e2e/suites/conformance/main.ts $(or $(ARGS),--docs)

.PHONY: bench
bench: build ## Benchmarks against plain TCP, AF_UNIX sockets and a node without the product; writes docs/performance (root; ARGS=--help)
	@$(TS) e2e/stand/tools/debian.ts all
	@$(TS) e2e/benches/datapath/main.ts $(ARGS)

.PHONY: bench-scale
bench-scale: build ## Benchmark of the control plane with up to 5,000 simulated agents; writes docs/performance/scale.* (root; ARGS="--nodes 500", ARGS=--help)
	@$(TS) e2e/benches/scale/main.ts $(ARGS)

.PHONY: test-kernels
test-kernels: build $(PROBE) ## Tests datapath and conformance on Debian's kernels in virtual machines (root; KERNELS="5.10 6.1")
	@$(TS) e2e/stand/tools/debian.ts kernels
	@$(TS) e2e/suites/kernels/main.ts $(KERNELS)

.PHONY: fuzz-channel
fuzz-channel: node_modules/.stamp ## Fuzzes the decoder of agents' messages with malformed input (INPUTS=1000000, SEED=n)
	node --expose-gc -r ts-node/register/transpile-only e2e/suites/faults/fuzzMain.ts $(if $(INPUTS),--inputs $(INPUTS)) $(if $(SEED),--seed $(SEED))

.PHONY: test-rollout
test-rollout: build tools ## Tests rollouts: bad revisions, nodes that are not Ready, controllers that are killed, three real nodes under load (root)
	$(JEST) --selectProjects rollout --runInBand

.PHONY: test-open-connections
test-open-connections: build tools ## Tests that connections of a real mesh stay open through every change (root)
	$(JEST) --selectProjects open-connections --runInBand

.PHONY: test-upgrade keep-release
test-upgrade: build tools ## Tests helm on a cluster under load: upgrade from the previous release and rollback, install and uninstall (root)
	@$(TS) e2e/stand/tools/debian.ts all
	$(JEST) --selectProjects releases --runInBand

keep-release: build ## Packs this checkout as the previous release for test-upgrade (FROM=another compiled checkout)
	@$(TS) e2e/suites/releases/keep.ts $(FROM)

.PHONY: test-accelctl
test-accelctl: build tools ## Tests accelctl on a real cluster under load: live data and bench (root)
	$(JEST) --selectProjects accelctl --runInBand

.PHONY: test-faults
test-faults: build tools ## Tests the controller on an API server that is slow, refuses requests, sends nothing or stops
	$(JEST) --selectProjects faults --runInBand

.PHONY: test-failover faults-page
test-failover: build ## Kills, stops and partitions the leading controller, 30 times in all, and keeps the figures (KILLS=20 STOPS=5 PARTITIONS=5 ADD=1)
	$(TS) e2e/suites/faults/failoverMain.ts $(if $(KILLS),--kills $(KILLS)) $(if $(STOPS),--stops $(STOPS)) $(if $(PARTITIONS),--partitions $(PARTITIONS)) $(if $(ADD),--add)

faults-page: node_modules/.stamp ## Writes docs/faults.* from the last runs of test-faults and test-failover
	$(TS) e2e/suites/faults/page.ts

.PHONY: image
image: build ## Builds the image of controller, agent and accelctl as an archive in the cache
	@$(TS) release/tools/debian.ts image
	@$(TS) release/image/main.ts

.PHONY: audit verify-node
audit: node_modules/.stamp ## Lists known vulnerabilities of the packages in the image, from the npm registry (AUDIT_REGISTRY=https://...)
	@$(TS) release/audit/main.ts

verify-node: node_modules/.stamp ## Compares the image's Node with the signed checksums of its publisher (NODE_MIRROR=https://...)
	@$(TS) release/image/publishedNode/main.ts

.PHONY: demo demo-up demo-down
demo: build ## Runs a two-node cluster with a mesh, measures it without and with acceleration, and removes it (root)
	@$(TS) e2e/benches/demo/main.ts run

demo-up: build ## Starts the cluster of the demo, leaves it running and prints its KUBECONFIG (root)
	@$(TS) e2e/benches/demo/main.ts up

demo-down: node_modules/.stamp ## Removes the cluster of demo-up
	@$(TS) e2e/benches/demo/main.ts down

.PHONY: measured
measured: build/demo/report.json ## Writes the figures of the last demo into README.md
	$(TS) e2e/benches/demo/readme/readme.ts

.PHONY: clean
clean: ## Removes the build products of the checkout; the cache stays
	rm -rf build dist
