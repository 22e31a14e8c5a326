import { type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import { Button } from "./button.tsx";

interface Growing {
  rest: number;
  grow: () => void;
  end: RefObject<HTMLDivElement | null>;
}

/**
 * The first of many rows, and more of them as the end comes into sight, so that 3,000 do not have to be drawn at once.
 * `end` goes to what stands below the last row. Another `key` begins again from the top.
 */
export function useGrowing<Item>(items: Item[], key = "", step = 100): Growing & { shown: Item[] } {
  const [size, setSize] = useState({ key, count: step });
  const end = useRef<HTMLDivElement>(null);
  const count = size.key === key ? size.count : step;
  const rest = Math.max(0, items.length - count);
  const grow = () => setSize({ key, count: count + step });
  // biome-ignore lint/correctness/useExhaustiveDependencies: `grow` is made anew with the count that it begins from.
  useEffect(() => {
    const target = end.current;
    if (!target || rest === 0) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) grow();
      },
      { rootMargin: "600px" },
    );
    observer.observe(target);
    return () => observer.disconnect();
  }, [rest, count, key]);
  return { shown: items.slice(0, count), rest, grow, end };
}

/** Below the last row: more come as it is scrolled to, or at a press. */
export function ShowMore({ rest, grow, end, children = "Show more" }: Growing & { children?: ReactNode }) {
  if (rest === 0) return null;
  return (
    <div ref={end} className="flex justify-center pt-5">
      <Button small onClick={grow}>
        {children}
      </Button>
    </div>
  );
}
