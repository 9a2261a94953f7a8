/** What technicians load beside the common part. */

export { default } from './Technician.svelte';
