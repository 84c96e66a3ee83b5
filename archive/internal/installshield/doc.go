// Package installshield reads the files that stand behind the program of a setup by
// InstallShield.
package installshield
