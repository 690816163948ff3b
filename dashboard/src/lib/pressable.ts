/** What makes a drawn thing a button: in SVG there is none. */
export const pressable = (onpress: () => void) => ({
  role: 'button',
  tabindex: 0,
  onclick: onpress,
  onkeydown(event: KeyboardEvent) {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    event.stopPropagation();
    onpress();
  },
});
