// Package anomaly has the names of what is odd about a container or a member. What
// each means is said beside the constants of package archive, which are these.
package anomaly
