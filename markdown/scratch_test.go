package markdown_test
import ("testing";"fmt";"math/rand";"os";"time";"flightdeck/markdown")
func TestScratch(t *testing.T){
 var seeds []string
 for _, n := range []string{"slidev","marp","reveal"} { b,_ := os.ReadFile("testdata/"+n+".md"); seeds = append(seeds, string(b)) }
 for _, s := range fragments { seeds = append(seeds, "---\ntitle: x\n---\n"+s+"\n\n---\n"+s+"\n---\n") }
 r := rand.New(rand.NewSource(time.Now().UnixNano()))
 end := time.Now().Add(40*time.Second); n := 0; var max time.Duration
 for time.Now().Before(end) {
  b := []byte(seeds[r.Intn(len(seeds))])
  for k := r.Intn(8); k >= 0; k-- { i := r.Intn(len(b)); switch r.Intn(4) { case 0: b[i] = byte(r.Intn(128)); case 1: b = append(b[:i:i], b[min(len(b),i+r.Intn(9)):]...); case 2: f := fragments[r.Intn(len(fragments))]; b = append(b[:i:i], append([]byte("\n"+f+"\n"), b[i:]...)...); case 3: j := r.Intn(len(b)); l := r.Intn(20); b = append(b[:i:i], append([]byte(string(b[j:min(len(b),j+l)])), b[i:]...)...)}; if len(b)==0 { b = []byte("x") } }
  done := make(chan bool)
  t0 := time.Now()
  go func(){ d, err := markdown.ParseDeck(string(b)); if err == nil { markdown.FormatDeck(d) }; close(done) }()
  select { case <-done: case <-time.After(5*time.Second): fmt.Printf("HANG %q\n", b); panic("hang") }
  if d := time.Since(t0); d > max { max = d; fmt.Println(d, len(b)) }
  n++
 }
 fmt.Println("n", n)
}
