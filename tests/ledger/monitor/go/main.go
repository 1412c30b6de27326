// Reads a public log with Go's own libraries, golang.org/x/mod/sumdb/note and tlog, and nothing of ours.
//
//	check ADDRESS VKEY SIZE... : opens the checkpoint, proves every entry's record and the smaller trees
//
// Prints "ok <size>" or dies.
package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func get(url string) []byte {
	answer, err := http.Get(url)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 200 {
		log.Fatalf("%s: %s %v", url, answer.Status, err)
	}
	return body
}

// Go's tiles are named tile/8/L/N; those of tlog-tiles have no height in their name.
type tiles struct {
	address string
	kept    map[string][]byte
}

func (t tiles) Height() int { return 8 }

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, one := range wanted {
		path := strings.Replace(one.Path(), "tile/8/", "tile/", 1)
		if t.kept[path] == nil {
			t.kept[path] = get(t.address + "/" + path)
		}
		found = append(found, t.kept[path])
	}
	return found, nil
}

func main() {
	address := os.Args[1]
	verifier, err := note.NewVerifier(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	opened, err := note.Open(get(address+"/checkpoint"), note.VerifierList(verifier))
	if err != nil {
		log.Fatal(err)
	}
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || lines[0] != verifier.Name() {
		log.Fatal("not a checkpoint of this log")
	}
	raw, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(raw) != tlog.HashSize {
		log.Fatal("not a root")
	}
	var root tlog.Hash
	copy(root[:], raw)
	tree := tlog.Tree{N: size, Hash: root}
	reader := tlog.TileHashReader(tree, tiles{address, map[string][]byte{}})
	again, err := tlog.TreeHash(size, reader)
	if err != nil || again != root {
		log.Fatal("the tiles are another tree ", err)
	}
	// Every entry is in the tree.
	for start := int64(0); start < size; start += 256 {
		width := size - start
		if width > 256 {
			width = 256
		}
		tile := tlog.Tile{H: 8, L: -1, N: start / 256, W: int(width)}
		path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
		bundle := get(address + "/" + path)
		for at := int64(0); at < width; at++ {
			length := int(bundle[0])<<8 | int(bundle[1])
			body := bundle[2 : 2+length]
			bundle = bundle[2+length:]
			proof, err := tlog.ProveRecord(size, start+at, reader)
			if err != nil {
				log.Fatal(err)
			}
			if err := tlog.CheckRecord(proof, size, root, start+at, tlog.RecordHash(body)); err != nil {
				log.Fatalf("entry %d: %v", start+at, err)
			}
		}
		if len(bundle) != 0 {
			log.Fatal("more in a bundle than its entries")
		}
	}
	// Smaller trees are its beginnings.
	for _, text := range os.Args[3:] {
		old, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			log.Fatal(err)
		}
		before, err := tlog.TreeHash(old, reader)
		if err != nil {
			log.Fatal(err)
		}
		proof, err := tlog.ProveTree(size, old, reader)
		if err != nil {
			log.Fatal(err)
		}
		if err := tlog.CheckTree(proof, size, root, old, before); err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d %s\n", old, before)
	}
	fmt.Printf("ok %d\n", size)
}
