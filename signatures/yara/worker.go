package yara

func newWorker(cfg Config) (matcher, []Warning, error) { return nil, nil, ErrUnavailable }
