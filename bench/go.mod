module github.com/fivefifty/fivefifty/bench

go 1.26.0

require (
	github.com/emersion/go-message v0.18.2
	github.com/fivefifty/fivefifty v0.0.0
	github.com/google/go-cmp v0.7.0
	github.com/hillu/go-yara/v4 v4.2.4
	github.com/klauspost/compress v1.20.3
)

require (
	github.com/andybalholm/brotli v1.3.0 // indirect
	github.com/h2non/filetype v1.1.3 // indirect
	github.com/maypok86/otter/v2 v2.4.0 // indirect
	github.com/nwaples/rardecode/v2 v2.4.6 // indirect
	github.com/pierrec/lz4/v4 v4.1.33 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/fivefifty/fivefifty => ../
