module witnesses

go 1.24
