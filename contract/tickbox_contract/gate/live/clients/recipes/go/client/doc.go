// Package client is generated beside this file: the generator makes no folder.
package client
