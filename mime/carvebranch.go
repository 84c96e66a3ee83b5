package mime

func (c *carver) branch(host *Entity, label string) *carver { return &carver{w: c.w, host: host} }
