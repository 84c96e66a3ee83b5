package main

import (
	"context"
	"iter"
	"sync"
)

// ahead is how many jobs for each worker may be finished or waiting while the
// first of them still runs: it bounds what is held of results and open files.
const ahead = 4

// runOrdered does the jobs, n at a time, and prints their results in the jobs'
// order, each as soon as those before it are printed. It ends early if print
// fails or ctx is cancelled; cancel stops the work that is under way.
func runOrdered(ctx context.Context, cancel context.CancelFunc, jobs iter.Seq[*job], n int, print func(*job) error) error {
	queue := make(chan *job, n*ahead)
	work := make(chan *job)
	var workers sync.WaitGroup
	workers.Go(func() {
		defer close(queue)
		defer close(work)
		for j := range jobs {
			select {
			case queue <- j:
			case <-ctx.Done():
				return
			}
			work <- j // workers take every job: each that is queued gets done
		}
	})
	for range n {
		workers.Go(func() {
			for j := range work {
				j.results = j.work()
				close(j.done)
			}
		})
	}
	var err error
	for j := range queue {
		<-j.done
		if err == nil {
			if err = print(j); err != nil {
				cancel()
			}
		}
		j.results = nil
	}
	workers.Wait()
	return err
}
