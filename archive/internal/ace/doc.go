// Package ace reads the archives of ACE, versions 1 and 2. Their only description is
// the source of D. Roethlisberger's acefile.
package ace
