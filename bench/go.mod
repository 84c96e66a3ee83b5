module github.com/fivefifty/fivefifty/bench

go 1.26

require github.com/fivefifty/fivefifty v0.0.0

replace github.com/fivefifty/fivefifty => ../
