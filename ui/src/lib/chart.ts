/** What a chart needs besides its picture: its nodes, and the way from a point or a key to a value. */
import type { HoverArea } from "./ipc/bindings/HoverArea";

/** The drawing as nodes of this page; nothing when the text is no SVG. */
export function drawing(svg: string): Node[] {
  const parsed = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  if (parsed.localName !== "svg") return [];
  const node = document.importNode(parsed, true);
  // The group around it carries the name; twice would be read twice.
  node.setAttribute("aria-hidden", "true");
  node.removeAttribute("role");
  return [node];
}

/** The area under a point in the chart's own pixels; the smallest when several overlap. */
export function hit(areas: HoverArea[], x: number, y: number): number | null {
  let best: number | null = null;
  areas.forEach((area, index) => {
    const inside = x >= area.x && x < area.x + area.width && y >= area.y && y < area.y + area.height;
    const known = best === null ? undefined : areas[best];
    if (inside && (!known || area.width * area.height < known.width * known.height)) best = index;
  });
  return best;
}

/** Where an arrow key leads from the area at `from`; null when the key is none or leads nowhere. */
export function step(areas: HoverArea[], from: number | null, key: string): number | null {
  if (areas.length === 0 || !["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(key)) return null;
  if (key === "Home") return 0;
  if (key === "End") return areas.length - 1;
  const here = from === null ? undefined : areas[from];
  if (from === null || !here) return key === "ArrowLeft" ? areas.length - 1 : 0;
  if (key === "ArrowLeft") return Math.max(0, from - 1);
  if (key === "ArrowRight") return Math.min(areas.length - 1, from + 1);
  return neighbour(areas, here, key === "ArrowUp" ? -1 : 1);
}

/** The area above (-1) or below (1) that is nearest. */
function neighbour(areas: HoverArea[], here: HoverArea, side: -1 | 1): number | null {
  let best: number | null = null;
  let nearest = Infinity;
  areas.forEach((area, index) => {
    const away = (area.y - here.y) * side;
    const distance = away * 1000 + Math.abs(area.x + area.width / 2 - here.x - here.width / 2);
    if (away > 0.5 && distance < nearest) {
      nearest = distance;
      best = index;
    }
  });
  return best;
}
