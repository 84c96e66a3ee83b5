module github.com/fivefifty/fivefifty

go 1.26.0

require (
	github.com/emersion/go-message v0.18.2 // indirect
	github.com/google/go-cmp v0.7.0 // indirect
	github.com/h2non/filetype v1.1.3 // indirect
	github.com/hillu/go-yara/v4 v4.2.4 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/richardlehane/mscfb v1.0.9 // indirect
	github.com/richardlehane/msoleps v1.0.3 // indirect
	github.com/therootcompany/xz v1.0.1
	github.com/ulikunitz/xz v0.5.17
	golang.org/x/sys v0.50.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)
