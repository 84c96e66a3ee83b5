module github.com/fivefifty/fivefifty

go 1.26.0

require (
	github.com/andybalholm/brotli v1.3.0
	github.com/emersion/go-message v0.18.2
	github.com/google/go-cmp v0.7.0
	github.com/h2non/filetype v1.1.3
	github.com/hillu/go-yara/v4 v4.2.4
	github.com/klauspost/compress v1.20.3
	github.com/pierrec/lz4/v4 v4.1.33
	github.com/ulikunitz/xz v0.5.17
	golang.org/x/text v0.43.0
)

require github.com/nwaples/rardecode/v2 v2.4.6

require github.com/maypok86/otter/v2 v2.4.0
