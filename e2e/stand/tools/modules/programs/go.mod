module sidecar-acceleration/e2e/programs

go 1.26.0
