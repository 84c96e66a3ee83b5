module github.com/fivefifty/fivefifty/examples

go 1.26.0

require (
	github.com/BurntSushi/toml v1.6.0
	github.com/alecthomas/kong v1.17.0
	github.com/emersion/go-smtp v0.25.1
	github.com/fivefifty/fivefifty v0.0.0
	github.com/google/go-cmp v0.7.0
)

require (
	github.com/andybalholm/brotli v1.3.0 // indirect
	github.com/emersion/go-message v0.18.2 // indirect
	github.com/emersion/go-sasl v0.0.0-20241020182733-b788ff22d5a6 // indirect
	github.com/h2non/filetype v1.1.3 // indirect
	github.com/hillu/go-yara/v4 v4.2.4 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/maypok86/otter/v2 v2.4.0 // indirect
	github.com/nwaples/rardecode/v2 v2.4.6 // indirect
	github.com/pierrec/lz4/v4 v4.1.33 // indirect
	github.com/therootcompany/xz v1.0.1 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/fivefifty/fivefifty => ../
