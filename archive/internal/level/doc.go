// Package level is what the rooms of package archive share with its door and with each
// other: a container's Member, the Limits, the classes of errors, the Walker that each
// format's room hands out, the Reader that guards one, and the Format that says how a
// container is found and opened.
//
// It is named for what it describes: one level of one container. It knows no format.
package level
