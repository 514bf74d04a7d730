module sidecar-acceleration/e2e/copying-proxy

go 1.26.0
