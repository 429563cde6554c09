module acme/shop

go 1.24
